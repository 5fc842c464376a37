"""What the fake OpenAlgo answers: request schemas, row shapes, and one function a call."""
