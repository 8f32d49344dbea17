#!/usr/bin/env bash
# Makes sure that the browser tests have a Chromium: the machine's, Playwright's, or a new one.
set -u
python="$1"
for name in chromium chromium-browser google-chrome chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
find_own='import sys
from playwright.sync_api import sync_playwright
import os
with sync_playwright() as p:
    sys.exit(0 if os.path.exists(p.chromium.executable_path) else 1)'
"$python" -c "$find_own" >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null 2>&1
    command -v chromium >/dev/null 2>&1 && exit 0
fi
"$python" -m playwright install chromium >/dev/null 2>&1
"$python" -c "$find_own" >/dev/null 2>&1 && exit 0
echo "The browser tests need Chromium: install it with 'apt-get install chromium' as root, or put any Chromium on the PATH." >&2
exit 1
