-- A JSON body posted again and again.
wrk.method = "POST"
wrk.body = '{"name": "a thing", "price": 12.5, "tags": ["a", "b", "c"], "stock": {"here": 3, "there": 4}}'
wrk.headers["Content-Type"] = "application/json"
