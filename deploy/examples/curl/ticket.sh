#!/bin/sh
# A ticket that opens one socket within 30 seconds, as JSON:
#
#   ./ticket.sh https://micboard.example token-file [scope]
set -eu

case ${3:-} in
    '') wish='{}' ;;
    *) wish="{\"scope\": [\"$3\"]}" ;;
esac
printf 'Authorization: Bearer %s\n' "$(cat "$2")" |
    curl -fsS -H @- -H 'Content-Type: application/json' -d "$wish" "$1/api/v1/tickets/"
