-- Asks Gatebook about a call, for mod_lua: `LuaHookAccessChecker /etc/apache2/gatebook.lua ask`. Needs LuaSocket
-- (Debian: lua-socket).
--
-- Environment (Debian: /etc/apache2/envvars, mode 0640):
--   GATEBOOK_ADDRESS         host:port that Gatebook listens on; default 127.0.0.1:8080
--   GATEBOOK_GATEWAY_BASIC   base64 of CLIENT_ID:CLIENT_SECRET of a resource server

local socket = require("socket")

local host, port = (os.getenv("GATEBOOK_ADDRESS") or "127.0.0.1:8080"):match("^(.*):(%d+)$")
local credentials = os.getenv("GATEBOOK_GATEWAY_BASIC") or ""
local timeout_seconds = 2

-- Headers that Gatebook answers with, and that nobody else may say to the service behind.
local answered = { "X-App-Id", "X-App-Name", "X-Group-Id", "X-Entity-Id", "X-Reason" }
-- Headers of our own, and the token, which is for the gate: whoever has it can call in the application's name.
local others = { "X-Api-Access", "X-Gateway-Authorization", "Authorization" }

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

-- Whether an action's name, which stands alone or at the end of an address, begins with Get, List or Find. Apache joins
-- a header that comes twice with a comma, so that it is none.
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

-- Sends the question and reads the head of the answer: its status and headers; nothing when there is no answer in time.
local function answer_to(question)
    local connection = socket.tcp()
    local deadline = socket.gettime() + timeout_seconds
    local function receive(pattern)
        connection:settimeout(math.max(deadline - socket.gettime(), 0))
        return connection:receive(pattern)
    end
    connection:settimeout(timeout_seconds)
    if not connection:connect(host, tonumber(port)) or not connection:send(question) then
        connection:close()
        return nil
    end
    local status = (receive("*l") or ""):match("^HTTP/1%.[01] (%d%d%d)")
    local headers = {}
    local line = status and receive("*l")
    while line and line ~= "" do
        local name, value = line:match("^([^:]+):%s*(.-)%s*$")
        if name then
            headers[name:lower()] = value
        end
        line = receive("*l")
    end
    connection:close()
    -- A head that is not whole says nothing.
    return line and tonumber(status), headers
end

-- Whether a value ends a line of the head.
local function is_one_line(value)
    return not value:find("[%c]")
end

local function question_about(r, entity, access)
    local lines = {
        "GET /gateway/authorize HTTP/1.1",
        "Host: " .. host,
        "Connection: close",
        "X-Forwarded-For: " .. r.useragent_ip,
    }
    local token = r.headers_in["Authorization"]
    if token and is_one_line(token) then
        table.insert(lines, "Authorization: " .. token)
    end
    table.insert(lines, "X-Entity-Id: " .. entity)
    table.insert(lines, "X-Api-Access: " .. access)
    -- Last: should a value above ever end the head early, this is cut off with the rest, and Gatebook
    -- (`--gateway-auth required`) lets nothing pass.
    table.insert(lines, "X-Gateway-Authorization: Basic " .. credentials)
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function refuse(r, status, headers)
    for name, value in pairs(headers) do
        r.err_headers_out[name] = value
    end
    return status
end

function ask(r)
    local path, query = r.unparsed_uri:match("^([^?]*)%??(.*)$")
    local entity = entity_of(path)
    if entity == nil then
        return 404
    end
    local soap_action, content_type = r.headers_in["SOAPAction"] or "", r.headers_in["Content-Type"] or ""
    local access = access_of(r.method, query, soap_action, content_type)
    local status, said = answer_to(question_about(r, entity, access))
    if status == 401 or status == 403 then
        return refuse(r, status, { ["X-Reason"] = said["x-reason"], ["WWW-Authenticate"] = said["www-authenticate"] })
    elseif status ~= 200 then
        return refuse(r, 503, { ["X-Reason"] = "unavailable", ["Retry-After"] = said and said["retry-after"] or "5" })
    end
    for _, name in ipairs(answered) do
        r.headers_in[name] = said[name:lower()]
    end
    for _, name in ipairs(others) do
        r.headers_in[name] = nil
    end
    r.headers_in["X-Api-Access"] = access
    return apache2.OK
end
