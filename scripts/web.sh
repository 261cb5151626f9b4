#!/bin/sh
# Builds web/dist when its sources have changed since; the packages are installed anew only when their list has.
set -eu
cd "$(dirname "$0")/../web"

sum() { cat "$@" | sha256sum | cut -d' ' -f1; }

packages=$(sum package-lock.json)
if [ "$(cat node_modules/.stamp 2>/dev/null)" != "$packages" ]; then
    npm ci --no-audit --no-fund --loglevel=error
    echo "$packages" >node_modules/.stamp
fi

# shellcheck disable=SC2046
sources=$(sum $(find src public scripts -type f | LC_ALL=C sort) ./*.html vite.config.ts package-lock.json)
if [ "$(cat dist/.stamp 2>/dev/null)" != "$sources" ]; then
    npm run --silent build
    echo "$sources" >dist/.stamp
fi
