-- Requests that were signed before, in turn: wrk -s requests.lua URL -- FILE
-- The file holds each request's length in eight digits, and then the request.

local requests, at = {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local digits = file:read(8)
    if not digits then break end
    requests[#requests + 1] = file:read(tonumber(digits))
  end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "\n%d %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
