"""What a user does at the emulator's pages, and who is there. Shared by the judges that are written in Python."""

import os
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import requests

AUTHORITY = os.environ["AZURE_AUTHORITY_HOST"]
TENANT = os.environ["AZURE_TENANT_ID"]
WEB_CLIENT = os.environ["AZURE_CLIENT_ID"]
WEB_SECRET = os.environ["AZURE_CLIENT_SECRET"]
PUBLIC_CLIENT = "66666666-6666-4666-8666-666666666666"
API_CLIENT = "88888888-8888-4888-8888-888888888888"
API_SECRET = "development~only.API-secret"
API_SCOPE = f"api://{API_CLIENT}/access_as_user"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
REDIRECT_URI = "http://localhost:8400/callback"

ALICE = "aaaaaaaa-0000-4000-8000-000000000001"
BOB = "aaaaaaaa-0000-4000-8000-000000000002"


def pick_account(authorization_url, account=ALICE):
    """Opens the authorization request, picks an account, and returns the address to which the emulator redirects."""
    return choose(authorization_url, account).headers["Location"]


def sign_in_at_browser(authorization_url, account=ALICE):
    """Picks an account and goes on to the application, by its redirect or by the form that posts itself."""
    chosen = choose(authorization_url, account)
    if "Location" in chosen.headers:
        return requests.get(chosen.headers["Location"])
    page = Form()
    page.feed(chosen.text)
    return requests.post(page.action, data=page.fields)


def choose(authorization_url, account):
    requests.get(authorization_url, allow_redirects=False).raise_for_status()
    parts = urlsplit(authorization_url)
    return requests.post(
        f"{parts.scheme}://{parts.netloc}{parts.path}/choose",
        data={"request": parts.query, "account": account},
        allow_redirects=False,
    )


class Form(HTMLParser):
    """The only form of a page."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.fields = {}

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes["value"]


def answer_of(redirect):
    """The parameters of the answer to an authorization request."""
    return dict(parse_qsl(urlsplit(redirect).query))


def approve_device(page, user_code, account=BOB):
    """Types the code of a device on the page that the device names."""
    requests.post(page, data={"otc": user_code, "account": account}).raise_for_status()


def graph(path, access_token):
    """Reads from Microsoft Graph, which shows that the access token is good."""
    headers = {"Authorization": f"Bearer {access_token}"}
    response = requests.get(f"{AUTHORITY}/graph/v1.0{path}", headers=headers)
    response.raise_for_status()
    return response.json()
