#!/bin/sh
# The health check of the image: asks the promfed of this container, at the address and the path that its flags have.
# usage: healthcheck.sh [FILE]   FILE has the arguments of promfed, separated by NUL; default /proc/1/cmdline

address=:8082
external=
value_of=
while IFS= read -r argument; do
  case $value_of in
    address) address=$argument ;;
    external) external=$argument ;;
  esac
  value_of=
  case $argument in
    --bind-addr=*) address=${argument#*=} ;;
    --bind-addr) value_of=address ;;
    --web.external-url=*) external=${argument#*=} ;;
    --web.external-url) value_of=external ;;
  esac
done <<ARGUMENTS
$(tr '\0' '\n' <"${1:-/proc/1/cmdline}")
ARGUMENTS

# An address of all interfaces is reached on loopback.
case ${address%:*} in
  '' | 0.0.0.0) address=127.0.0.1:${address##*:} ;;
  '[::]') address=[::1]:${address##*:} ;;
esac

# The path of the external URL, without a slash at its end, prefixes all paths.
path=${external#*://}
case $path in
  */*) path=/${path#*/} ;;
  *) path= ;;
esac
while [ "${path%/}" != "$path" ]; do path=${path%/}; done

exec wget -q -O /dev/null "http://$address$path/-/healthy"
