-- Asks Gatebook about a call: `http-request lua.gatebook`. Needs HAProxy 2.6 or later.
--
-- Sets txn.gatebook_status to 200, 401, 403, 404 (no address of the API) or 503 (Gatebook did not answer), and the
-- other txn.gatebook_… to what Gatebook said. Environment:
--   GATEBOOK_URL             where Gatebook listens; default http://127.0.0.1:8080
--   GATEBOOK_GATEWAY_BASIC   base64 of CLIENT_ID:CLIENT_SECRET of a resource server

local url = (os.getenv("GATEBOOK_URL") or "http://127.0.0.1:8080") .. "/gateway/authorize"
local credentials = os.getenv("GATEBOOK_GATEWAY_BASIC") or ""
-- HAProxy tries four times, so that an answer that does not come is given up after two seconds.
local timeout_ms = 500

-- The only value of a header; "" without it. Two values say nothing that can be relied on, and neither does a "|".
local function only(headers, name)
    local values = headers[name]
    if values == nil then
        return ""
    elseif values[1] ~= nil then
        return "|"
    end
    return values[0]
end

-- The entity, from the address as it was sent; nothing for an address that is none of ours: one with an escape, with an
-- empty segment, or one that begins with a dot. Names of one or two dots mean other folders, so they are no entities.
local function entity_of(path)
    local entity, rest = path:match("^/soap/([A-Za-z0-9._-]+)(.*)$")
    if entity == nil or #entity > 64 or entity == "." or entity == ".." then
        return nil
    end
    while rest ~= "" do
        local next_rest = rest:match("^/[A-Za-z0-9_-][A-Za-z0-9._-]*(.*)$")
        if next_rest == nil then
            return nil
        end
        rest = next_rest
    end
    return entity
end

-- Whether an action's name, which stands alone or at the end of an address, begins with Get, List or Find.
local function reads(action)
    if action:find('["|,%s]') then
        return false
    end
    local name = action:match("([^/#:]*)$")
    for _, verb in ipairs({ "Get", "List", "Find" }) do
        if name:match("^" .. verb .. "[A-Z][A-Za-z0-9_]*$") then
            return true
        end
    end
    return false
end

local function is_charset(parameters)
    return parameters == "" or parameters:match('^; ?charset="?[A-Za-z0-9-]+"?$') ~= nil
end

-- `read` for an action that reads, by SOAPAction (SOAP 1.1) or by the parameter of the media type (SOAP 1.2), and for
-- fetching the WSDL; everything else is `write`.
local function access_of(method, query, soap_action, content_type)
    local reading = false
    if method == "POST" and query == "" then
        local plain = content_type:match("^text/xml(.*)$")
        local before, action, after = content_type:match('^application/soap%+xml(.-); ?action="([^"]*)"(.*)$')
        local header = soap_action:match('^"(.*)"$') or soap_action
        if plain ~= nil then
            reading = is_charset(plain) and reads(header)
        elseif action ~= nil then
            -- Some clients of SOAP 1.2 send SOAPAction as well.
            reading = is_charset(before) and is_charset(after) and reads(action) and (header == "" or reads(header))
        end
    elseif method == "GET" or method == "HEAD" then
        reading = query == "wsdl" and soap_action == "" and content_type == ""
    end
    return reading and "read" or "write"
end

local function ask(txn, headers, entity, access)
    local question = {
        ["x-entity-id"] = { entity },
        ["x-api-access"] = { access },
        ["x-forwarded-for"] = { txn.sf:src() },
        ["x-gateway-authorization"] = { "Basic " .. credentials },
    }
    -- Every one of them, so that Gatebook sees when there are two.
    local tokens = headers["authorization"]
    if tokens ~= nil then
        question["authorization"] = {}
        for index = 0, #tokens do
            table.insert(question["authorization"], tokens[index])
        end
    end
    return core.httpclient():get({ url = url, headers = question, timeout = timeout_ms })
end

core.register_action("gatebook", { "http-req" }, function(txn)
    local function set(name, value)
        txn:set_var("txn.gatebook_" .. name, value or "")
    end

    local headers = txn.http:req_get_headers()
    local entity = entity_of(txn.sf:path())
    if entity == nil then
        return set("status", "404")
    end
    local access = access_of(txn.sf:method(), txn.sf:query(), only(headers, "soapaction"), only(headers, "content-type"))
    set("access", access)

    local answer = ask(txn, headers, entity, access)
    local said = {}
    for name, values in pairs(answer and answer.headers or {}) do
        said[name] = values[0]
    end
    set("app_id", said["x-app-id"])
    set("app_name", said["x-app-name"])
    set("group_id", said["x-group-id"])
    set("entity_id", said["x-entity-id"])
    set("reason", said["x-reason"])
    set("challenge", said["www-authenticate"])
    set("retry_after", said["retry-after"] or "5")
    local status = answer and answer.status
    local known = status == 200 or status == 401 or status == 403
    set("status", known and tostring(status) or "503")
end, 0)
