"""The four steps on ussdflow, with Flask, and sessions in Redis."""

import os

from flask import Flask, request
from redis import Redis
from ussdflow import CacheManager, IngressData, USSDService
from ussdflow.models import MenuLevel, USSDSession

SECONDS = 180


class Sessions:
    """Sessions in Redis as the library's own models write themselves: its RedisCache cannot write them."""

    def __init__(self) -> None:
        self._redis = Redis.from_url(f"unix://{os.environ['REDIS_SOCKET']}")

    def get(self, key: str) -> USSDSession | None:
        kept = self._redis.get(key)
        return USSDSession.model_validate_json(kept) if kept else None

    def set(self, key: str, value: USSDSession) -> None:
        self._redis.set(key, value.model_dump_json(), ex=SECONDS)

    def delete(self, key: str) -> None:
        self._redis.delete(key)


class Service(USSDService):
    """The library, but for the first screen: it asks for the menu of a menu there, and finds none."""

    def get_menu(self, session: USSDSession, menu_level: str | MenuLevel) -> str:
        return super().get_menu(session, menu_level.menu_level if isinstance(menu_level, MenuLevel) else menu_level)


service = Service("menu.json", CacheManager("custom", custom_cache=Sessions()))
app = Flask(__name__)


@app.post("/gateways/africastalking")
def callback():
    form = request.form
    said = service.ingress(
        IngressData(
            session_id=form["sessionId"],
            service_code=form["serviceCode"],
            phone_number=form["phoneNumber"],
            text=form["text"],
            network_code=form["networkCode"],
        )
    )
    return said, {"Content-Type": "text/plain; charset=utf-8"}
