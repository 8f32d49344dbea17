import pytest, json
pytestmark = pytest.mark.anyio
async def test_look(client, admin):
    r = await client.post("/v1/leads", headers=admin.headers, json={"first_name":"  Zoë ","last_name":"Ünal","email":"Zoe@Example.COM","phone":"(415) 555-2671","budget":750000,"timeline":"1_3_months","preapproved":True,"engagement_count":4,"source":"referral","areas":["Oak Park","Oak Park","Midtown"]})
    print(r.status_code, dict(r.headers)); print(json.dumps(r.json(),indent=1,ensure_ascii=False))
    for m,u,k in [("GET","/v1/nothing",{}),("GET","/v1/leads?foo=1",{}),("PUT","/v1/leads",{}),("HEAD","/v1/leads",{}),("OPTIONS","/v1/leads",{}),("GET","/v1/leads/",{}),("GET","/v1",{}),("GET","/nope",{}),("POST","/v1/leads",{"content":b'{"a":'+b'['*100000+b']'*100000+b'}'}),("POST","/v1/leads",{"content":b'{"first_name":"\\ud800","last_name":"b"}'}),("POST","/v1/leads",{"content":b'{"first_name":"a","last_name":"b","budget":1e400}'}),("POST","/v1/leads",{"content":b'{"first_name":"a","last_name":"b","budget":NaN}'}),("POST","/v1/leads",{"content":b'{"first_name":"a\\u0000","last_name":"b"}'}),("POST","/v1/leads",{"content":b'\xff\xfe'}),("POST","/v1/leads",{"content":b'[]'}),("POST","/v1/leads",{"content":b''}),("POST","/v1/leads",{"content":b'a=1',"headers":{"content-type":"application/x-www-form-urlencoded"}}),("POST","/v1/leads",{"content":b'{"first_name":"'+b'a'*11_000_000+b'"}'}),("GET","/v1/leads?q=x",{}),("GET","/v1/leads?limit=101",{}),("GET","/v1/leads?status=%ff",{}),("GET","/v1/leads?status=%00",{}),("GET","/v1/leads/%00",{}),("GET","/v1/leads/%ff",{}),("PATCH","/v1/leads/xx",{"json":{}}),("DELETE","/v1/leads",{}),("GET","/v1/leads/bulk",{}),("POST","/v1/leads/upsert",{"json":{}}),("GET","/v1/leads?limit=1&limit=2",{}),("GET","/v1/leads?email[in]=",{}),("TRACE","/v1/leads",{}),("GET","/v1/leads?sort=areas",{}),("GET","/v1/leads?score[gt]=99999999999999999999999",{}), ("GET","/v1/leads?created_at[gt]=9999-12-31T23:59:59-10:00",{})]:
        h={**admin.headers,**k.pop("headers",{})}
        try:
            r = await client.request(m,u,headers=h,**k)
            print(m,u[:60],r.status_code,r.text[:230], r.headers.get("allow"))
        except BaseException as e:
            print(m,u[:60],"RAISED",type(e),str(e)[:200])
