# The catalog image, as opm generate dockerfile lays it out. Build it in this folder.
FROM quay.io/operator-framework/opm:v1.74.0 AS builder
COPY catalog/meltemi /configs/meltemi
# the cache is made here, so that serving begins at once and needs no writing
RUN ["/bin/opm", "serve", "/configs", "--cache-dir=/tmp/cache", "--cache-only"]

FROM quay.io/operator-framework/opm:v1.74.0
LABEL operators.operatorframework.io.index.configs.v1=/configs
COPY --from=builder /configs /configs
COPY --from=builder /tmp/cache /tmp/cache
ENTRYPOINT ["/bin/opm"]
CMD ["serve", "/configs", "--cache-dir=/tmp/cache"]
