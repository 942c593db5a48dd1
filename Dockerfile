# One image for relays and people: the home folder, mounted at /data, says which of the two a daemon is.
# It has what the package has, `dist` and what that imports; the checkout that builds it stays behind.

FROM node:24-bookworm-slim AS package
WORKDIR /app
# For a registry other than npm's own: --build-arg NPM_CONFIG_REGISTRY=... It stays out of the final image.
ARG NPM_CONFIG_REGISTRY
COPY package.json package-lock.json ./
COPY .ci/node .ci/node
# No install script is needed: of the packages that have one, classic-level and esbuild, both ship their binaries inside.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# What is optional is colours for tables.
RUN npm run prepack \
 && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="b-mail" \
      org.opencontainers.image.description="Mail that costs its sender something and pays its reader: relay and personal daemon" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
ENV NODE_ENV=production \
    BMAIL_HOME=/data \
    BMAIL_METRICS_LISTEN=0.0.0.0:9420
WORKDIR /app
COPY --from=package /app/node_modules ./node_modules
COPY --from=package /app/dist ./dist
COPY LICENSE ./
RUN printf '#!/bin/sh\nexec node /app/dist/cli/bmail.js "$@"\n' > /usr/local/bin/bmail \
 && chmod 755 /usr/local/bin/bmail \
 && install -d -o node -g node -m 700 /data
USER node
VOLUME /data
# A home belongs to the daemon alone (700): of a folder that is mounted here and is not, it says so and does not start. A
# passphrase is best mounted in /run/secrets, and named by BMAIL_PASSPHRASE_FILE; there its mode is the engine's affair.
# 4420 is libp2p, 9420 metrics and health. The API stays on loopback: reach it with `docker exec <container> bmail ...`.
EXPOSE 4420 9420
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=8s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9420/readyz', { signal: AbortSignal.timeout(6000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/bmail.js"]
CMD ["daemon"]
