#!/bin/sh
# Prints a token for the API. The address and the account are in the environment of this workspace.
curl -s "$API_URL/api/v1/auth/login" \
  -H 'content-type: application/json' \
  -d "{\"email\": \"$API_USER\", \"password\": \"$API_PASSWORD\"}" | jq -r .access_token
