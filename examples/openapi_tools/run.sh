#!/usr/bin/env bash
# bash examples/openapi_tools/run.sh
#
# From the repository's root: a FastAPI service is started, checked, used, recorded and stopped. Other names than these
# can be set in the environment: OUT, CONVERSATIONS.
set -euo pipefail

OUT=${OUT:-out/openapi_tools}
CONVERSATIONS=${CONVERSATIONS:-10}
LIBRARY=openapi:examples/openapi_tools/library.yaml
CATALOGUE=openapi:examples/openapi_tools/catalogue.yaml
PORT=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LIBRARY_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(16))')
LIBRARY_URL=http://127.0.0.1:$PORT
export LIBRARY_KEY LIBRARY_URL OMP_NUM_THREADS=1

say() { printf '\n==> %s\n' "$*"; }

say "The service, with a key of its own"
python -m uvicorn service:app --app-dir examples/openapi_tools --port "$PORT" --log-level warning --no-access-log &
SERVICE=$!
trap 'kill $SERVICE' EXIT
until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do
  kill -0 $SERVICE
  sleep 0.2
done

say "Its operations, as a model will see them"
python -m funreason_plugin.check env $LIBRARY

say "$CONVERSATIONS conversations, reading and writing; sessions take turns at the one service"
python -m funreason_plugin.synthesize --env $LIBRARY --num "$CONVERSATIONS" --turns 1-2 --teacher scripted --out "$OUT/library"

say "Every call of them repeated"
python -m funreason_plugin.check data "$OUT/library"

say "What reads, recorded; from here on neither service nor key is needed"
python -m funreason_plugin.check record $CATALOGUE
kill $SERVICE
trap - EXIT
unset LIBRARY_URL LIBRARY_KEY

say "$CONVERSATIONS conversations from the recording"
python -m funreason_plugin.synthesize --env $CATALOGUE --num "$CONVERSATIONS" --turns 1-2 --teacher scripted \
  --out "$OUT/catalogue"
python -m funreason_plugin.check data "$OUT/catalogue"
