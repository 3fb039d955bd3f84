# One image for every command: Python 3.11, what requirements.lock names, checked by hash, and Prism for endless streams.
FROM golang:1.26.2-bookworm AS prism
# The version of apache-beam in requirements.lock: its runner and its SDK speak to each other.
RUN CGO_ENABLED=0 go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0

FROM python:3.11.9-slim-bookworm

COPY --from=prism /go/bin/prism /usr/bin/prism
WORKDIR /codetrail
COPY requirements-uv.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && uv pip install --system --no-cache --compile-bytecode --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY dbt_project dbt_project
COPY expectations expectations
COPY pipelines pipelines
RUN uv pip install --system --no-cache --compile-bytecode --no-deps . \
    && install -d -m 1777 /workspace /config

# The hash key lies in /config, apart from the data.
ENV XDG_CONFIG_HOME=/config HOME=/tmp
USER 1000:1000
VOLUME ["/workspace", "/config"]
ENTRYPOINT ["codetrail", "--workspace", "/workspace"]
CMD ["--help"]
