-- Health of a PipelineRun, Pipeline or Component from its conditions.
local status = obj.status or {}
if status.observedGeneration == nil or status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "not seen by the operator yet"}
end
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready, stalled = conditions.Ready, conditions.Stalled
if stalled ~= nil and stalled.status == "True" then
  return {status = "Degraded", message = stalled.message}
end
if status.phase == "Suspended" then
  return {status = "Suspended", message = (ready or {}).message}
end
if ready == nil then
  return {status = "Progressing", message = "no conditions yet"}
end
if ready.status == "True" then
  return {status = "Healthy", message = ready.message}
end
if ready.reason == "InvalidSpec" then
  return {status = "Degraded", message = ready.message}
end
return {status = "Progressing", message = ready.message}
