"""The dashboard in a real browser, headless, before a running gateway. What it looks like lands in build/dashboard."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import orjson
import pytest
from legion_llm.adapters.debug.client import DebugClient
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SHOTS = Path(__file__).parents[2] / "build" / "dashboard"
MARKER = "canary-of-a-prompt"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER) and os.environ.get("LEGION_REQUIRE_SERVICES") != "1",
        reason="chromium and chromedriver are not installed (Debian: chromium, chromium-driver)",
    ),
]


@pytest.fixture(scope="module")
def browser():
    options = Options()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    SHOTS.mkdir(parents=True, exist_ok=True)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, serving):
    """A gateway with the dashboard open in the browser: returns it, the browser, and one who asks the debug port."""
    browser.get("about:blank")
    for log in ("browser", "performance"):
        browser.get_log(log)
    clients = []

    def start(view="overview", **more):
        legion = serving({"demo": {}}, debug={"address": "tcp://127.0.0.1:*", "admin": True}, **more)
        clients.append(DebugClient(legion.inspect("debug port")["snapshot"]["address"], timeout=10))
        browser.get(f"{legion.url}/ui#{view}")
        return legion, browser, clients[-1]

    yield start
    browser.execute_script("sessionStorage.clear()")
    for client in clients:
        client.close()


def until(browser, selector, text):
    """Wait until an element says something, and return it."""

    def said(driver):
        try:
            return next((each for each in driver.find_elements(By.CSS_SELECTOR, selector) if text in each.text), None)
        except StaleElementReferenceException:
            return None

    return WebDriverWait(browser, 15, poll_frequency=0.05).until(said, f"{selector} never said {text!r}")


def shoot(browser, name):
    browser.save_screenshot(str(SHOTS / f"{name}.png"))


def asked_hosts(browser):
    """The hosts that the page asked for something, by the browser's own account."""
    messages = [orjson.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return {url.split("/")[2] for url in urls if url.startswith(("http", "ws"))}


def test_it_shows_what_goes_on_and_a_circuit_that_opens_as_it_does(page):
    legion, browser, port = page("providers")
    until(browser, "[data-provider=demo]", "circuit closed")

    port.ask("circuit", instance="demo", state="open")
    until(browser, "[data-provider=demo]", "circuit open")
    port.ask("circuit", instance="demo", state="closed")
    browser.find_element(By.LINK_TEXT, "Actors").click()
    until(browser, "#actors-table tr[data-key=router]", "ready")
    browser.find_element(By.LINK_TEXT, "Models").click()
    browser.find_element(By.ID, "models-filter").send_keys("slow")
    until(browser, "#models-count", "1 of")
    shoot(browser, "models")

    assert asked_hosts(browser) == {legion.url.removeprefix("http://")}
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_a_chat_streams_and_its_request_is_explained(page):
    _, browser, _ = page("chat")
    field = browser.find_element(By.ID, "chat-text")
    field.send_keys(MARKER, Keys.ENTER)

    until(browser, "#chat-log .assistant", f"You said: {MARKER}")
    shoot(browser, "chat")
    until(browser, "#chat-status a", "how it went").click()
    until(browser, "#request", "routing:provider_selection")
    shoot(browser, "requests")

    panel = browser.find_element(By.ID, "request").text
    assert "Chosen by" in panel
    assert "provider_call" in panel
    assert MARKER not in panel
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def test_a_request_under_way_is_followed_and_keeps_the_focus(page):
    legion, browser, _ = page("requests")
    stream = legion.stream("hi", model="demo-hang")
    until(browser, "#requests-table", "running")
    browser.find_element(By.CSS_SELECTOR, "#requests-table button").click()
    until(browser, "#request", "provider_call")
    close = browser.find_element(By.CSS_SELECTOR, "#request button")
    browser.execute_script("arguments[0].focus()", close)

    stream.close()
    until(browser, "#request", "cancelled")

    assert browser.switch_to.active_element == close


def test_everything_is_reached_by_the_keyboard_alone(page):
    legion, browser, _ = page()
    response = legion.chat("hi").get(timeout=10)
    until(browser, "#state-text", "ready")

    for _ in range(20):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element.text == "Requests":
            break
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    until(browser, f"#requests-table tr[data-key={response.request_id}]", "success")
    for _ in range(20):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element.text == response.request_id:
            break
    browser.switch_to.active_element.send_keys(Keys.ENTER)

    assert until(browser, "#request h3", response.request_id)


def test_people_who_read_it_aloud_find_their_way(page):
    _, browser, _ = page()
    until(browser, "#tiles", "providers well")
    nameless = browser.execute_script(
        """
        const named = (each) => each.labels?.length || each.textContent.trim() || each.getAttribute("aria-label");
        return [...document.querySelectorAll("button, a, input, textarea, svg.chart")].filter((each) => !named(each)).map((each) => each.outerHTML);
        """
    )
    current = browser.find_elements(By.CSS_SELECTOR, "nav a[aria-current=page]")

    assert nameless == []
    assert [each.text for each in current] == ["Overview"]
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 420)])
def test_it_fits_wide_and_narrow_windows_light_and_dark(page, scheme, width):
    legion, browser, _ = page()
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.set_window_size(width, 900)
    for number in range(5):
        legion.chat(f"hi {number}").get(timeout=10)
    browser.refresh()
    until(browser, "#charts", "the last 5, 0 failed")
    shoot(browser, f"overview-{scheme}-{width}")

    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    overflow = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    browser.set_window_size(1280, 900)
    assert (background == "rgb(246, 247, 251)") == (scheme == "light")
    assert overflow <= 0


def test_with_keys_it_asks_for_one_that_may_look_in(page):
    keys = {"ann": "key-of-ann", "watch": {"key": "key-of-watch", "inspect": True}}
    _, browser, _ = page("actors", api={"port": 0, "keys": keys})
    until(browser, "#key-dialog", "wants a key")
    shoot(browser, "key")

    browser.find_element(By.ID, "key-field").send_keys("key-of-ann", Keys.ENTER)
    until(browser, "#key-why", "does not allow this")
    browser.find_element(By.ID, "key-field").send_keys("key-of-watch", Keys.ENTER)

    assert until(browser, "#actors-table tr[data-key=router]", "ready")
