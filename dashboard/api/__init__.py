"""The same facts as the feed, to be asked for over HTTP: JSON, read-only, under `/api/v1/`."""
