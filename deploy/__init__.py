"""What runs Micboard: its services, its processes, and the commands of `./micboard`.

`postgres` and `valkey` are the two services, from wheels, inside one `datafolder`; `supervisor` keeps
`program`s running; `running` sees to one run a data folder and `orphans` to none that is left behind;
`up` puts them together. Nothing here imports the product, and the product imports nothing from here.
"""
