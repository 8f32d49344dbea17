#!/bin/sh
# Installs what requirements/dev.lock names, every file checked by its hash: install.sh VENV/bin
set -eu
bin=$1
pip="$bin/python -m pip --disable-pip-version-check"

echo "Installing the packages of requirements/dev.lock ..."
# uv is several times as fast; where it can't be had or can't reach the index, pip does the same.
if $pip install --quiet --require-hashes -r requirements/uv.lock &&
	VIRTUAL_ENV=${bin%/bin} "$bin/uv" pip sync --quiet --system-certs --require-hashes requirements/dev.lock; then
	:
else
	echo "uv did not work here; installing with pip instead ..."
	$pip install --quiet --require-hashes -r requirements/dev.lock || {
		echo "The packages can't be installed here; the lines above tell why. Tenfold needs Linux with glibc, or macOS." >&2
		exit 1
	}
fi
# Hatchling came with the lock, so nothing unpinned is fetched to build with.
$pip install --quiet --no-deps --no-build-isolation --editable .
