-- Asks Entrada whether a request may pass: 204 lets it, with who it is; everything else is what the client gets.

-- The frontend "questions" of haproxy.cfg.
local VERIFY = "http://127.0.0.1:3002/auth/verify?sign_in=redirect"
-- HAProxy's own answer, 503 or 504, comes before this is over.
local TIME_LIMIT_MS = 5000

-- All that the decision depends on; a browser's other headers stay here.
local QUESTION_HEADERS = {
  "cookie", "accept", "user-agent", "x-requested-with", "upgrade",
  "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "traceparent",
}
local IDENTITY = {
  "x-auth-request-user", "x-auth-request-id", "x-auth-request-email",
  "x-auth-request-email-unverified",
  "x-auth-request-groups", "x-auth-request-roles", "x-auth-request-organization",
  -- With ENTRADA_IDENTITY_TOKENS=on:
  -- "authorization",
}

-- HAProxy counts values from 0. HTTP/2 may bring a Cookie in pieces.
local function joined(values, separator)
  local list = {}
  for index = 0, #values do
    list[#list + 1] = values[index]
  end
  return table.concat(list, separator)
end

-- An application gets the browser's cookies, but not the ones that would let it be that person elsewhere.
local function without_session(cookies)
  local kept = {}
  for pair in cookies:gmatch("[^;]+") do
    local cookie = pair:match("^%s*(.-)%s*$")
    local isOurs = cookie:find("^__Host%-entrada%-session=") or cookie:find("^__Secure%-entrada%-site%-[^=]*=")
    if cookie ~= "" and not isOurs then
      kept[#kept + 1] = cookie
    end
  end
  return table.concat(kept, "; ")
end

local function refuse(txn, status, headers, body)
  local reply = txn:reply({ status = status })
  for name, values in pairs(headers) do
    reply:add_header(name, values)
  end
  reply:set_body(body)
  txn:done(reply)
end

core.register_action("entrada_verify", { "http-req" }, function(txn)
  local given = txn.http:req_get_headers()
  -- In every spelling that a server may take for our names.
  for name in pairs(given) do
    if name:lower():gsub("_", "-"):find("^x%-auth%-request%-") then
      txn.http:req_del_header(name)
    end
  end

  local host = given["host"] and joined(given["host"], ", ") or ""
  local question = {
    ["host"] = { host },
    ["x-forwarded-host"] = { host },
    ["x-forwarded-method"] = { txn.sf:method() },
    ["x-forwarded-uri"] = { txn.sf:pathq() },
    ["x-forwarded-proto"] = { "https" },
    ["x-forwarded-for"] = { txn.sf:src() },
  }
  for _, name in ipairs(QUESTION_HEADERS) do
    if given[name] then
      question[name] = { joined(given[name], name == "cookie" and "; " or ", ") }
    end
  end

  local answer = core.httpclient():get({ url = VERIFY, headers = question, timeout = TIME_LIMIT_MS })
  if answer.status == 204 then
    for _, name in ipairs(IDENTITY) do
      txn.http:req_set_header(name, joined(answer.headers[name] or { [0] = "" }, ", "))
    end
    if given["cookie"] then
      txn.http:req_set_header("cookie", without_session(joined(given["cookie"], "; ")))
    end
    return
  end

  local headers = { ["cache-control"] = "no-store" }
  for _, name in ipairs({ "location", "content-type", "www-authenticate", "content-security-policy" }) do
    if answer.headers and answer.headers[name] then
      headers[name] = joined(answer.headers[name], ", ")
    end
  end
  local isAnswer = answer.status == 303 or answer.status == 401 or answer.status == 403
  refuse(txn, isAnswer and answer.status or 502, headers, isAnswer and answer.body or "")
end, 0)
