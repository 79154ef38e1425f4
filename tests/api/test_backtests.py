from __future__ import annotations

import io
import json
import re

import polars as pl
import pytest

from midas.wire.jobs import Job

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"]
COLUMNS = {
    "equity": "ts equity cash gross_exposure",
    "fills": "ts symbol side quantity price commission tax order_id",
    "trades": "symbol side entry_ts entry_price exit_ts exit_price quantity pnl return commission tax",
    "positions": "ts symbol quantity value",
    "rejects": "ts symbol side quantity reason order_id cause",
}
MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet", "json": "application/json"}


@pytest.fixture(scope="module")
def ask(http):
    lines = ["symbol,date,open,high,low,close,volume"]
    for n, day in enumerate(DAYS):
        lines.append(f"AAA,{day},{10 + n},{12 + n},{9 + n},{11 + n},1000000")
    query = {"venue": "XNAS", "filename": "prices.csv", "name": "small", "wait_s": 30}
    answer = http.post("/api/v1/datasets/import", params=query, content="\n".join(lines).encode())
    assert answer.status_code == 200, answer.text

    def run(wait_s=30, **fields):
        body = {"strategy": {"name": "buy_and_hold"}, "universe": "small", **fields}
        return http.post("/api/v1/backtests", params={"wait_s": wait_s}, json=body)

    return run


@pytest.fixture(scope="module")
def made(http, ask):
    job = Job.model_validate_json(ask().content)
    return http.get(f"/api/v1/backtests/{job.result_id}").json()


def path(made, rest=""):
    return f"/api/v1/backtests/{made['id']}{rest}"


class TestRefused:
    @pytest.mark.parametrize(
        "rest", ["", "/series/equity", "/series/fills?format=csv", "/tearsheet", "/series/equity?format=parquet"]
    )
    @pytest.mark.parametrize("name", ["feedbeef0000", "%2e%2e%2fmidas.db", "..%5c..", "'; DROP TABLE backtests"])
    def test_a_backtest_that_is_not_there(self, http, rest, name):
        answer = http.get(f"/api/v1/backtests/{name}{rest}")
        assert answer.status_code == 404

    @pytest.mark.parametrize("rest", ["/series/secrets", "/series/equity?format=xlsx", "/series/equity?limit=0"])
    def test_what_a_backtest_does_not_have(self, http, made, rest):
        assert http.get(path(made, rest)).status_code == 422

    def test_a_cursor_of_another_series(self, http, made):
        page = http.get(path(made, "/series/equity"), params={"limit": 2}).json()
        answer = http.get(path(made, "/series/positions"), params={"cursor": page["next_cursor"]})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")

    @pytest.mark.parametrize("ids", ["", ",", ",".join(["ab"] * 30)])
    def test_comparing_none_or_too_many(self, http, ids):
        assert http.get("/api/v1/backtests/compare", params={"ids": ids}).status_code == 422

    def test_a_question_that_makes_no_sense_is_refused_at_once(self, ask):
        answer = ask(start="2024-01-05", end="2024-01-02", wait_s=0)
        assert (answer.status_code, answer.json()["code"]) == (422, "end_before_start")


class TestRun:
    def test_a_stored_answer_comes_at_once(self, made, ask):
        answer = ask(wait_s=0)
        assert answer.status_code == 200
        job = answer.json()
        assert (job["state"], job["result_id"], job["result"]) == ("done", made["id"], {"cached": True})

    def test_a_run_is_accepted_and_can_be_waited_for(self, http, ask):
        answer = ask(wait_s=0, slippage_bps=3.0)
        assert answer.status_code == 202
        job = http.get(answer.headers["location"], params={"wait_s": 30}).json()
        assert job["state"] == "done"
        assert job["progress"] == 1.0
        assert http.get(f"/api/v1/backtests/{job['result_id']}").status_code == 200

    def test_every_key_is_there_and_every_number_is_json(self, http, made):
        text = http.get(path(made)).text
        document = json.loads(text, parse_constant=pytest.fail)
        assert set(document) == {
            "id", "identity", "status", "strategy", "params", "universe", "symbols", "start", "end", "created_at",
            "summary", "costs", "warnings", "luck", "rejects", "settings", "cached",
        }  # fmt: skip
        named = "total_return cagr volatility sharpe sortino calmar max_drawdown turnover win_rate trades fees taxes"
        assert set(named.split()) <= set(document["summary"])
        assert len(document["summary"]) >= 40
        assert document["summary"]["cagr"] is None, "a run of a week has no yearly return"
        assert document["identity"].startswith(document["id"])

    def test_the_beginning_of_an_id_is_enough(self, http, made):
        assert http.get(f"/api/v1/backtests/{made['id'][:6]}").json()["id"] == made["id"]


class TestMeasures:
    def test_the_dictionary(self, http):
        own = http.get("/api/v1/backtests/measures").json()["items"]
        theirs = http.get("/api/v1/backtests/measures?like=lean").json()["items"]
        assert {"cagr", "sharpe", "win_rate"} <= {each["name"] for each in own}
        assert {"Sharpe Ratio", "Win Rate"} <= {each["name"] for each in theirs}
        assert all(each["formula"] and each["frequency"] and each["source"] for each in own + theirs)

    def test_of_a_result(self, http, made):
        own = http.get(path(made, "/measures")).json()
        assert {each["name"]: each["value"] for each in own["measures"]} == made["summary"]
        theirs = http.get(path(made, "/measures?like=quantstats"))
        found = {each["name"]: each["value"] for each in theirs.json()["measures"]}
        assert found["comp"] == pytest.approx(made["summary"]["total_return"])
        assert theirs.json()["version"] == "0.0.86"
        again = http.get(path(made, "/measures?like=quantstats"), headers={"if-none-match": theirs.headers["etag"]})
        assert again.status_code == 304

    @pytest.mark.parametrize("route", ["/api/v1/backtests/measures", "/api/v1/backtests/0/measures"])
    def test_a_library_nobody_knows(self, http, route):
        assert http.get(route, params={"like": "excel"}).status_code == 422


class TestSeries:
    @pytest.mark.parametrize("what", COLUMNS)
    def test_every_format_says_the_same(self, http, made, what):
        answers = {form: http.get(path(made, f"/series/{what}"), params={"format": form}) for form in MEDIA}
        for form, answer in answers.items():
            assert answer.status_code == 200
            assert answer.headers["content-type"] == MEDIA[form]
        parquet = pl.read_parquet(io.BytesIO(answers["parquet"].content))
        assert parquet.columns == COLUMNS[what].split()
        assert answers["csv"].text.splitlines()[0].split(",") == parquet.columns
        assert len(answers["csv"].text.splitlines()) == parquet.height + 1
        document = json.loads(answers["json"].text, parse_constant=pytest.fail)
        rows = [{key: str(value) if key.endswith("ts") and value else value for key, value in row.items()}
                for row in parquet.to_dicts()]  # fmt: skip
        assert document == {"items": rows, "next_cursor": None}

    def test_a_file_has_a_name_a_file_system_takes(self, http, made):
        headers = http.get(path(made, "/series/fills"), params={"format": "csv"}).headers
        assert re.fullmatch(r'attachment; filename="[0-9a-f]{12}-fills\.csv"', headers["content-disposition"])

    @pytest.mark.parametrize("limit", [1, 2, 4, 6])
    def test_pages_together_are_the_whole(self, http, made, limit):
        seen, cursor = [], None
        while True:
            query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            page = http.get(path(made, "/series/equity"), params=query).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert [row["ts"] for row in seen] == DAYS


class TestTag:
    @pytest.mark.parametrize("rest", ["", "/series/equity", "/series/fills?format=parquet", "/tearsheet"])
    def test_what_is_known_is_not_sent_again(self, http, made, rest):
        first = http.get(path(made, rest))
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "private, no-cache"
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = http.get(path(made, rest), headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        assert http.get(path(made, rest), headers={"if-none-match": '"other"'}).status_code == 200

    def test_other_things_have_other_tags(self, http, made):
        rests = [
            "",
            "/tearsheet",
            "/series/equity",
            "/series/fills",
            "/series/fills?format=csv",
            "/series/fills?limit=2",
        ]
        assert len({http.get(path(made, rest)).headers["etag"] for rest in rests}) == len(rests)

    def test_a_fresh_run_makes_new_tags(self, http, made, ask):
        before = http.get(path(made)).headers["etag"]
        assert ask(fresh=True).status_code == 200
        assert http.get(path(made)).headers["etag"] != before


class TestTearSheet:
    def test_it_may_run_its_own_scripts_and_reach_nothing(self, http, made):
        answer = http.get(path(made, "/tearsheet"))
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert "sandbox allow-scripts" in policy
        for reaching in ("connect-src", "http:", "https:", "'self'", "allow-same-origin"):
            assert reaching not in policy
        assert made["id"] in answer.text


class TestDelete:
    def test_it_is_gone_and_the_rest_stays(self, http, ask, workspace):
        job = ask(slippage_bps=7.0).json()
        row = http.get(f"/api/v1/backtests/{job['result_id']}").json()
        assert http.delete(path(row)).status_code == 204
        assert http.get(path(row)).status_code == 404
        assert http.delete(path(row)).status_code == 404
        assert not workspace.home.result(row["identity"]).exists()


class TestList:
    def test_pages_latest_first_and_by_strategy(self, http, ask):
        for bps in range(10, 14):
            assert ask(slippage_bps=float(bps)).status_code == 200
        whole = http.get("/api/v1/backtests").json()["items"]
        assert [row["created_at"] for row in whole] == sorted((row["created_at"] for row in whole), reverse=True)
        seen, cursor = [], None
        while True:
            query = {"limit": 2, "strategy": "buy_and_hold"} | ({"cursor": cursor} if cursor else {})
            page = http.get("/api/v1/backtests", params=query).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == whole
        assert http.get("/api/v1/backtests", params={"strategy": "nobody"}).json() == {"items": [], "next_cursor": None}

    def test_the_home_page_lists_them(self, http, made):
        assert f"/api/v1/backtests/{made['id']}/tearsheet" in http.get("/").text


class TestCompare:
    def test_side_by_side(self, http, made):
        answer = http.get("/api/v1/backtests/compare", params={"ids": f"{made['id']}, {made['id'][:7]}"}).json()
        assert answer["ids"] == [made["id"]] * 2
        first = next(row for row in answer["rows"] if row["measure"] == "total_return")
        assert first["values"] == [made["summary"]["total_return"]] * 2
