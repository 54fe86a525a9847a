"""Flower's settings, executed by Flower: this machine only, behind a sign-in of its own.

The password comes from a file because a command line is there for everybody to read.
"""

import os

from deploy import flower
from deploy.datafolder import DataFolder

_data = DataFolder.chosen()
_data.make()

address = "127.0.0.1"
port = int(os.environ.get("MICBOARD_FLOWER_PORT", flower.PORT))
basic_auth = [f"{flower.USER}:{_data.secret(flower.PASSWORD).read_text()}"]
persistent = True
db = str(_data.path / "flower")
state_save_interval = 60_000  # milliseconds; at the end it may be too busy asking workers that are gone
tasks_columns = "name,kwargs,state,received,runtime,worker,uuid"
max_tasks = 10_000  # in memory; a hundred devices fill it in ten minutes or more, a thousand in one
