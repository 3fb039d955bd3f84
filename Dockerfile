# One image for every command: Python 3.11 and what requirements.lock names, checked by hash.
FROM python:3.11.9-slim-bookworm

WORKDIR /codetrail
COPY requirements-uv.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && uv pip install --system --no-cache --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY dbt_project dbt_project
COPY expectations expectations
COPY pipelines pipelines
RUN uv pip install --system --no-cache --no-deps . \
    && install -d -m 1777 /workspace /config

# The hash key lies in /config, apart from the data.
ENV XDG_CONFIG_HOME=/config HOME=/tmp
USER 1000:1000
VOLUME ["/workspace", "/config"]
ENTRYPOINT ["codetrail", "--workspace", "/workspace"]
CMD ["--help"]
