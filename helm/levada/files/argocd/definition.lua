-- Health of a Component or Pipeline for Argo CD: whether it makes sense and everything that it refers to exists.
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "The operator has not seen this object yet"}
end

for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    local health = "Degraded"
    if condition.status == "True" then
      health = "Healthy"
    elseif condition.reason == "WaitingForReference" then
      -- Another object of the same application may come in a later wave.
      health = "Progressing"
    end
    return {status = health, message = condition.message or ""}
  end
end
return {status = "Progressing", message = "The operator has not seen this object yet"}
