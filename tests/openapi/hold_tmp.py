import pytest, time, os
pytestmark = pytest.mark.anyio
async def test_served(served, insider):
    open("/tmp/served.env","w").write(f"U={served.address}\nT={insider.token}\n")
    while not os.path.exists("/tmp/served.stop"): time.sleep(0.2)
