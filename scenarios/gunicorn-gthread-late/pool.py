"""A worker with a pool of threads of its own, of which one is slow to start at the request /busy."""

from concurrent.futures import ThreadPoolExecutor

from gunicorn.workers.gthread import ThreadWorker

import endings


class Pool(ThreadPoolExecutor):
    def _adjust_thread_count(self):
        endings.busy()
        super()._adjust_thread_count()


class Worker(ThreadWorker):
    def get_thread_pool(self):
        return Pool(max_workers=self.cfg.threads)
