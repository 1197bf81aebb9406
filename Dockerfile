# The daemon in a container, for amd64 and arm64 (each built on its own kind: 'docker buildx build --platform …' emulates where it must).
#   docker build -t gembal . && docker run -p 127.0.0.1:8000:8000 -v gembal:/data --env-file .env gembal
# Commands on its store: docker exec CONTAINER gembal keys list
FROM debian:12-slim AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/ccache ./dev package && mv build/package/gembal_*.deb /gembal.deb

FROM debian:12-slim
RUN --mount=type=bind,from=build,source=/gembal.deb,target=/tmp/gembal.deb \
    apt-get update -qq && apt-get install -y -qq --no-install-recommends /tmp/gembal.deb libsoci-mysql4.0 libsoci-postgresql4.0 && rm -rf /var/lib/apt/lists/* && \
    install -d -m 0700 -o 10001 -g 10001 /data
COPY packaging/healthy /usr/local/bin/healthy
ENV HOME=/data GEMBAL_STORE_URL=/data/gembal.db GEMBAL_SERVER_LISTEN=0.0.0.0:8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=6s --start-period=5s CMD ["healthy"]
ENTRYPOINT ["gembal"]
CMD ["serve"]
