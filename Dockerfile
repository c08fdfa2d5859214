# promfed in a small image: Node.js, the compiled program and its production packages, on Alpine for its shell and
# wget. Runs as nobody, needs no writable volume.
#   docker build -t promfed .
#   docker run -p 8082:8082 -v ./config.yaml:/etc/promxy/config.yaml:ro promfed --config=/etc/promxy/config.yaml
# Digests of indexes for all platforms. To update: docker buildx imagetools inspect node:26-alpine3.23
ARG NODE=26-alpine3.23@sha256:c3c6e314fd42e41962360b2482fc18d150beb47976c3aa7b8b9689d7ef42a5c2
ARG ALPINE=3.23@sha256:fd791d74b68913cbb027c6546007b3f0d3bc45125f797758156952bc2d6daf40

FROM node:${NODE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without scripts of packages. The two packages with native code ship their binaries, which are loaded once here.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
RUN node --input-type=module -e "await import('snappy'); await import('classic-level')"
COPY LICENSE ./
COPY scripts ./scripts
RUN node scripts/notices.mjs notices

FROM node:${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.mjs

FROM alpine:${ALPINE}
# The runtime alone: npm and its like have no place in production.
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /usr/lib/libstdc++.so.6 /usr/lib/libgcc_s.so.1 /usr/lib/
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
# Packages of the image (CycloneDX) and their licences.
COPY --from=packages /app/notices /app/notices
COPY package.json LICENSE config.example.yaml /app/
# Under promxy's path too, which deployments made for promxy name as their command.
RUN ln -s /app/dist/main.js /bin/promfed && ln -s /app/dist/main.js /bin/promxy
ENV NODE_ENV=production
# By number, so that Kubernetes can verify runAsNonRoot: nobody.
USER 65534:65534
EXPOSE 8082
# Reads address and path from the flags of promfed.
COPY scripts/healthcheck.sh /app/healthcheck.sh
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["sh", "/app/healthcheck.sh"]
ENTRYPOINT ["/bin/promfed"]
