"""Shure's two interfaces, from the socket to a reading.

`system_api` asks a System API server over HTTPS: `transport` carries it under one deadline,
`certificates` and `addresses` say who may answer, `strict_json` and `wire` what an answer looks like.
`command_strings` holds a short session with the receiver itself on TCP 2202: `frames` cuts its stream,
`families` knows what each family says, `readouts` what its digits mean. `decode` makes readings of
both and is pure; `errors` are the ways in which no answer came.
"""
