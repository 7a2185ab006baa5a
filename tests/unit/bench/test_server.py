"""Requests, as the API server's own metrics tell of them."""

from collections import Counter

from bench.server import VERBS, by_verb, requests, task_writes


def answered(verb, resource, count, code="200", subresource=""):
    labels = f'code="{code}",component="apiserver",resource="{resource}",subresource="{subresource}",verb="{verb}"'
    return f"apiserver_request_total{{{labels}}} {count}"


def open_now(verb, resource, count):
    labels = f'component="apiserver",resource="{resource}",scope="cluster",subresource="",verb="{verb}"'
    return f"apiserver_longrunning_requests{{{labels}}} {count}"


def metrics(*lines):
    return "\n".join(("# TYPE apiserver_request_total counter", *lines, ""))


def test_each_verb_is_told_from_the_others():
    page = metrics(*(answered(verb, "pods", number) for number, verb in enumerate(VERBS, 1)))
    assert by_verb(requests(page)) == {
        "POST": 1,
        "PUT": 2,
        "PATCH": 3,
        "DELETE": 4,
        "GET": 5,
        "LIST": 6,
        "WATCH": 7,
    }


def test_what_the_server_calls_otherwise_is_counted_with_its_like():
    page = metrics(
        answered("APPLY", "pods", 2), answered("DELETECOLLECTION", "pods", 1), answered("CONNECT", "pods", 9)
    )
    assert requests(page) == {"PATCH pods": 2, "DELETE pods": 1}


def test_refused_requests_are_left_out():
    page = metrics(answered("POST", "pods", 3, code="201"), answered("POST", "pods", 4, code="409"))
    assert requests(page) == {"POST pods": 3}


def test_a_subresource_is_told_from_its_object():
    page = metrics(answered("PATCH", "pods", 1), answered("PATCH", "pods", 2, subresource="status"))
    assert requests(page) == {"PATCH pods": 1, "PATCH pods/status": 2}


def test_a_watch_counts_once_from_its_beginning_to_after_its_end():
    before = requests(metrics(answered("WATCH", "pods", 5), open_now("WATCH", "pods", 1)))
    begun = requests(metrics(answered("WATCH", "pods", 5), open_now("WATCH", "pods", 2)))
    over = requests(metrics(answered("WATCH", "pods", 6), open_now("WATCH", "pods", 1)))
    assert begun - before == over - before == {"WATCH pods": 1}


def test_what_the_server_watches_for_itself_is_nobodys_request():
    page = metrics(answered("WATCH", "secrets", 3), open_now("WATCH", "namespaces", 1))
    assert not requests(page)


def test_other_long_requests_are_not_counted_twice():
    page = metrics(answered("GET", "pods", 1, subresource="log"), open_now("GET", "pods", 1))
    assert requests(page) == {"GET pods/log": 1}


def test_statuses_and_the_lease_are_not_writes_for_a_task():
    sent = Counter({"POST pods": 5, "PATCH pods": 4, "PATCH pipelineruns/status": 3, "PUT leases": 2, "LIST pods": 1})
    assert task_writes(sent) == 9
