"""What was recorded, carried to the sockets.

`windows` moves the inbox into the history once a second under the next sequence number, the channel
layer rings, `hub` (one a Daphne process) holds the board in memory and hands one encoded frame to every
socket.
"""
