# Labwright's own images. Nothing to give and nothing to log in to:
#   docker build -t labwright:0.1.0 .
#   docker build -t labwright-workspace:0.1.0 --target workspace .
# and, for labs in which trainees deploy the platform themselves:
#   docker build -t dotmac-api:1.0.0 --target dotmac-api .
#   docker build -t dotmac-api:2.0.0 --target dotmac-api --build-arg RELEASE=2.0.0 .
# The order of the lines is the order in which they change: an edit below src/ makes two small layers anew.

# --- packages: what runs, and nothing that only builds or tests it ---
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are the embedded PostgreSQL and a Node.js of npm's; install scripts would compile what is optional.
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete

# --- lab-packages: those of the sample API, for the programs of trainees ---
FROM packages AS lab-packages
COPY src/images/lab-packages.ts ./src/images/
COPY src/embedded/node-packages.ts ./src/embedded/
COPY src/sample-api ./src/sample-api
RUN node src/images/lab-packages.ts /lab-packages && chmod -R go=rX /lab-packages

# --- dotmac-sources: the sample API by itself, readable by all and compiled by who will run it ---
FROM node:24-slim AS dotmac-sources
WORKDIR /app
COPY --from=lab-packages /lab-packages/node_modules ./node_modules
COPY package.json ./
COPY src/images/compile.ts ./src/images/
COPY src/sample-api ./src/sample-api
RUN chmod -R u=rwX,go=rX /app && install --directory --owner 1000 --group 1000 /app/.compiled
USER 1000:1000
RUN NODE_COMPILE_CACHE=/app/.compiled node src/images/compile.ts && chmod -R go=rX /app/.compiled/*

# --- dotmac-api: the platform that trainees deploy; without DATABASE_URL it has health, metrics and its release ---
FROM node:24-slim AS dotmac-api
WORKDIR /app
COPY --from=dotmac-sources /app/node_modules ./node_modules
COPY --from=dotmac-sources /app/package.json ./
COPY --from=dotmac-sources --chown=0:0 /app/.compiled ./.compiled
COPY --from=dotmac-sources /app/src/sample-api ./src/sample-api
ARG RELEASE=1.0.0
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/.compiled \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE=optional \
    RELEASE=$RELEASE
# A number, so that `runAsNonRoot` can be checked.
USER 1000:1000
EXPOSE 8000
CMD ["node", "src/sample-api/main.ts"]

# --- workspace: what a trainee's shell is in ---
FROM debian:trixie-slim AS workspace
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      bash ca-certificates coreutils curl git jq kubectl less nano postgresql-client-17 procps python3 util-linux vim-tiny \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY --from=packages /usr/local/bin/node /usr/local/bin/node
RUN groupadd --gid 999 trainee \
 && useradd --system --uid 999 --gid 999 --home-dir /home/trainee --create-home --shell /bin/bash trainee
# Node.js looks for packages in the folders above a program, wherever that is.
COPY --from=lab-packages /lab-packages/node_modules /node_modules
USER 999:999
ENV LANG=C.UTF-8 PAGER=less
WORKDIR /home/trainee
CMD ["bash"]

# --- sources: readable by all whatever the umask of the checkout, and compiled ---
FROM packages AS sources
COPY package.json LICENSE ./
COPY lab-templates ./lab-templates
COPY src ./src
RUN chmod -R u=rwX,go=rX /app/package.json /app/LICENSE /app/lab-templates /app/src \
 && install --directory --owner 999 --group 999 /app/.compiled
# A folder of it is named after the user who runs; in the image it is root's, so that nobody can change what is run.
USER 999:999
RUN NODE_COMPILE_CACHE=/app/.compiled node src/images/compile.ts && chmod -R go=rX /app/.compiled/*

# --- labwright: the service, and what labs are made of besides databases and workspaces ---
FROM node:24-slim AS labwright
# An init of its own: orchestrators that have none (Kubernetes) would leave the signals to a Node.js that is process 1.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
 && groupadd --gid 999 labwright \
 && useradd --system --uid 999 --gid 999 --home-dir /var/lib/labwright --create-home --shell /usr/sbin/nologin labwright \
 && ln -s /app/node_modules /node_modules \
 && ln -s /app/src/images/labwright /usr/local/bin/labwright
WORKDIR /app
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/.compiled \
    HOST=0.0.0.0 \
    BACKENDS=docker \
    DATA_DIR=/var/lib/labwright
COPY --from=packages /app/node_modules ./node_modules
COPY --from=sources /app/package.json /app/LICENSE ./
COPY --from=sources /app/lab-templates ./lab-templates
COPY --from=sources --chown=0:0 /app/.compiled ./.compiled
COPY --from=sources /app/src ./src
USER 999:999
EXPOSE 4000
ENTRYPOINT ["/app/src/images/entrypoint"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=10s --start-period=120s --retries=3 CMD ["/app/src/images/healthy"]
