-- Health of a PipelineRun for Argo CD: by phase, once the status is about the object as it stands now.
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "The operator has not seen this run yet"}
end

local message = status.progress and (status.progress .. " tasks") or ""
local stalled = false
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Succeeded" and condition.message and condition.message ~= "" then
    message = condition.message
  elseif condition.type == "Stalled" then
    stalled = condition.status == "True"
  end
end

local health = {
  Pending = "Progressing",
  Running = "Progressing",
  Suspended = "Suspended",
  Succeeded = "Healthy",
  Failed = "Degraded",
  Cancelled = "Degraded",
}
return {status = stalled and "Degraded" or health[status.phase] or "Progressing", message = message}
