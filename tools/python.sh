#!/bin/sh
# Makes the virtual environment, or says in one sentence why it can't: python.sh PYTHON VENV
set -eu
python=$1
venv=$2

refuse() {
	echo "$1" >&2
	exit 1
}

first=3.11
last=3.14 # the newest that a PostgreSQL comes for
hint="Install it (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python) or name another one: make PYTHON=/path/to/python3.12"

[ -n "$python" ] || refuse "Tenfold needs Python $first to $last and found none. $hint"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
	refuse "Tenfold needs Python $first to $last, but $python does not run. $hint"
case $version in
3.*) [ "${version#3.}" -ge "${first#3.}" ] && [ "${version#3.}" -le "${last#3.}" ] ;;
*) false ;;
esac || refuse "Tenfold needs Python $first to $last, but $python is $version. $hint"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
	refuse "$python has no venv module, which Tenfold needs. On Debian or Ubuntu: apt-get install python$version-venv; or name another Python: make PYTHON=/path/to/python3.12"

echo "Making $venv with Python $version ..."
"$python" -m venv --clear "$venv"
