# The workspace of an experiment. Coder imports this folder as one version of the template 'ml-research'; Formulary
# pushes it, waits for the import, and then makes it the active one.

terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.13"
    }
  }
}

# Set for the whole installation, in the config: services.coder.options.templates.ml-research.variables.
variable "data_mount" {
  description = "Where the shared data sets are mounted"
  type        = string
  default     = "/data"
}

data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

# Chosen by whoever asks for a workspace, in the request.
data "coder_parameter" "gpu" {
  name         = "gpu"
  display_name = "GPU"
  description  = "Chosen once: a workspace never moves to another machine."
  default      = "none"
  mutable      = false

  option {
    name  = "CPU only"
    value = "none"
  }
  option {
    name  = "One A100"
    value = "a100"
  }
}

data "coder_parameter" "disk_gb" {
  name         = "disk_gb"
  display_name = "Disk in GB"
  type         = "number"
  default      = 50
  mutable      = true

  validation {
    min = 10
    max = 500
  }
}

# Put the real machine here: a Kubernetes pod, a container, a virtual machine. It goes away when the workspace stops.
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = "${data.coder_workspace_owner.me.name} ${data.coder_parameter.gpu.value} ${var.data_mount}"
}
