#!/bin/sh
# One environment per peer under bench/.peers, from the versions pinned in requirements.txt; a peer that fails is left out.
set -u
here=$(dirname "$0")
python=${PYTHON:-python3}
mkdir -p "$here/../.peers"
while IFS= read -r pinned; do
    name=${pinned%%==*}
    home="$here/../.peers/$name"
    if [ "$(cat "$home/.pinned" 2>/dev/null)" = "$pinned" ]; then
        continue
    fi
    echo "$pinned"
    rm -rf "$home"
    "$python" -m venv "$home" && "$home/bin/python" -m pip install -q --disable-pip-version-check "$pinned" numpy \
        && echo "$pinned" > "$home/.pinned" || echo "$pinned could not be installed" >&2
done < "$here/requirements.txt"
