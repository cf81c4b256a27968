"""The four steps on ussd_airflow_engine, with Flask, and sessions in Redis by its own store, simplekv's."""

import logging
import os

import structlog
from flask import Flask, request
from redis import Redis
from simplekv.memory.redisstore import RedisStore
from ussd.store.journey_store.YamlJourneyStore import YamlJourneyStore

from ussd.core import UssdEngine, UssdRequest

SECONDS = 180

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
journeys = YamlJourneyStore(user="bench", journey_directory="journeys")
sessions = RedisStore(Redis.from_url(f"unix://{os.environ['REDIS_SOCKET']}"))
sessions.default_ttl_secs = SECONDS
app = Flask(__name__)


@app.post("/gateways/africastalking")
def callback():
    form = request.form
    asked = UssdRequest(
        form["sessionId"],
        form["phoneNumber"],
        form["text"].rpartition("*")[2],
        "fa",
        default_language="fa",
        journey_name="inquiry",
        journey_version="1",
        journey_store=journeys,
        session_store_backend=sessions,
        menu_index_format="-",
    )
    said = UssdEngine(asked).ussd_dispatcher()
    return f"{'CON' if said.status else 'END'} {said}", {"Content-Type": "text/plain; charset=utf-8"}
