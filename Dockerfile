FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt constraints.txt ./
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11.14-slim-bookworm
# HOME: what libraries want to write goes where the read-only root lets them, and is forgotten
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp \
    RAY_USAGE_STATS_ENABLED=0 STREAMLIT_BROWSER_GATHER_USAGE_STATS=false OMP_WAIT_POLICY=passive
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin whylens \
    && install -d -o whylens -g whylens -m 700 /var/lib/whylens
COPY --from=build /venv /venv
WORKDIR /app
COPY .streamlit .streamlit
COPY app app
COPY explainers explainers
COPY models models
COPY static static
USER 10001:10001
EXPOSE 8501
CMD ["python", "-m", "app", "serve"]
