"""What was recorded, carried to the sockets.

`windows` moves the inbox into the history once a second under the next sequence number, and the channel layer rings.
`hub` (one a Daphne process) holds the board in memory and tells it to its `hall`: each `audience` of sockets gets the
same bytes, made once by `encoding` and written by an `outlet`. `entry` says who may come in, `consumers` what is
answered.
"""
