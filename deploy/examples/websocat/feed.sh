#!/bin/sh
# Every frame of the feed as a line, with websocat (https://github.com/vi/websocat), or else npm's wscat:
#
#   ./feed.sh wss://micboard.example token-file
#
# Both show the token in the list of processes: on a machine of many people take the Python client.
set -eu

url="$1/ws/devices/?mode=batch"
authorization="Authorization: Bearer $(cat "$2")"
if command -v websocat >/dev/null; then
    exec websocat --text --no-close --buffer-size 16777216 --header="$authorization" "$url"
fi
exec wscat --header "$authorization" --connect "$url"
