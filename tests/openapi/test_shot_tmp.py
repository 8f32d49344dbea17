import pytest
from playwright.async_api import async_playwright
from tests.pages.test_browser import browser_path
import time
pytestmark=pytest.mark.anyio
async def test_shot(served):
    async with async_playwright() as d:
        b=await d.chromium.launch(executable_path=browser_path(d.chromium.executable_path),args=["--no-sandbox"])
        p=await b.new_page(viewport={"width":1300,"height":1500}); said=[]
        p.on("console",lambda m:said.append(m.text))
        t=time.time(); await p.goto(served.address+"/docs"); await p.wait_for_selector(".info .title"); print("title after",time.time()-t)
        await p.screenshot(path="/tmp/docs_top.png")
        t=time.time(); await p.locator("#operations-tag-Leads").click(); await p.locator("#operations-Leads-create_lead .opblock-summary").click(); await p.wait_for_timeout(3000); print(time.time()-t)
        await p.locator("#operations-Leads-create_lead").scroll_into_view_if_needed()
        await p.screenshot(path="/tmp/docs_lead.png")
        t=time.time(); await p.locator("#operations-Leads-list_leads .opblock-summary").click(); await p.wait_for_selector("#operations-Leads-list_leads .parameters"); print("list",time.time()-t)
        print(said)
        await b.close()
