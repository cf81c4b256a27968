import collections
import collections.abc
import inspect
import os

# PyConfigure imports from where these were before Python 3.10 and 3.11.
for name in collections.abc.__all__:
    setattr(collections, name, getattr(collections.abc, name))
inspect.getargspec = inspect.getfullargspec

bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "gthread"
workers = 1
threads = 8
control_socket_disable = True
