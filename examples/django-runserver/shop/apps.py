import atexit

from django.apps import AppConfig


def close_search_index():
    print("index closed", flush=True)


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        atexit.register(close_search_index)
