"""A looped model trained in PyTorch, to compare with: the same model, objective, optimiser and tokens as `Ouro.Benchmarks training`.

    /usr/bin/python3 train_looped.py MEASURES.json            trains for the steps that the file asks for
    /usr/bin/python3 train_looped.py MEASURES.json --turns    trains for as many steps as each line of the input says
    /usr/bin/python3 train_looped.py --check [DATA]           loss and gradient of the reference model of tests/Ouro.Golden/data

Prints a line of JSON about itself, then one for each step. Written for PyTorch 1.13 on a CPU, eager and in single precision, as
fast as we could make it: queries, keys and values in one product, both parts of SwiGLU in one, all loops read out in one, norms
and rotation as functions whose way back is written out, so that autograd keeps little and starts few kernels.

Shapes: B documents of S tokens, R = B S rows, D width, H heads, F width of the feed-forward part, V vocabulary, T loops.
"""
import json
import math
import os
import sys
import time

import torch
from torch.nn.functional import cross_entropy, embedding, logsigmoid, silu
from torch.utils.checkpoint import checkpoint


def memory(name):
    """Bytes, from Linux's own counters: VmHWM is the most that was ever resident."""
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(name))


class RmsNorm(torch.autograd.Function):
    """y = x r w with r = (mean(x^2) + epsilon)^-1/2."""

    @staticmethod
    def forward(context, x, weight, epsilon):
        r = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        context.save_for_backward(x, r, weight)
        return (x * r).mul_(weight)

    @staticmethod
    def backward(context, gradient):
        x, r, weight = context.saved_tensors
        scaled = x * r
        of_weight = (gradient * scaled).sum(0)
        of_scaled = gradient * weight
        mean = (of_scaled * scaled).mean(-1, keepdim=True)
        return of_scaled.addcmul_(scaled, mean, value=-1).mul_(r), of_weight, None


class Rotate(torch.autograd.Function):
    """RoPE over halves for queries and keys at once: [R, 3 D] to [2, B, H, S, D / H]."""

    @staticmethod
    def forward(context, qkv, cos, sin, batch, heads):
        context.cos_sin, context.shape = (cos, sin), qkv.shape
        x = qkv.view(batch, cos.shape[0], 3, heads, -1).permute(2, 0, 3, 1, 4)
        turned = torch.empty(2, *x.shape[1:])
        Rotate.turn(x[:2], cos, sin, turned)
        return turned, x[2].contiguous()

    @staticmethod
    def backward(context, turned, values):
        cos, sin = context.cos_sin
        result = torch.empty(context.shape)
        _, batch, heads, rows, _ = turned.shape
        x = result.view(batch, rows, 3, heads, -1).permute(2, 0, 3, 1, 4)
        Rotate.turn(turned, cos, -sin, x[:2])
        x[2].copy_(values)
        return result, None, None, None, None

    @staticmethod
    def turn(x, cos, sin, result):
        half = x.shape[-1] // 2
        torch.mul(x, cos, out=result)
        result[..., :half].addcmul_(x[..., half:], sin, value=-1)
        result[..., half:].addcmul_(x[..., :half], sin)


class SwiGlu(torch.autograd.Function):
    """silu(gate) up, from [R, 2 F]; both gradients go where one product takes them."""

    @staticmethod
    def forward(context, gate_up):
        context.save_for_backward(gate_up)
        gate, up = gate_up.chunk(2, -1)
        return silu(gate).mul_(up)

    @staticmethod
    def backward(context, gradient):
        (gate_up,) = context.saved_tensors
        (gate, up), result = gate_up.chunk(2, -1), torch.empty_like(gate_up)
        of_gate, of_up = result.chunk(2, -1)
        torch.mul(gradient, silu(gate), out=of_up)
        torch.ops.aten.silu_backward.grad_input(gradient * up, gate, grad_input=of_gate)
        return result


class Layer(torch.nn.Module):
    def __init__(self, measures):
        super().__init__()
        width, inner = measures["width"], measures["feed_forward_width"]
        self.heads, self.epsilon = measures["heads"], measures["norm_epsilon"]
        for name in ("attention_in", "attention_out", "feed_forward_in", "feed_forward_out"):
            setattr(self, name, torch.nn.Parameter(torch.ones(width)))
        self.qkv = torch.nn.Parameter(torch.empty(3 * width, width))
        self.output = torch.nn.Parameter(torch.empty(width, width))
        self.gate_up = torch.nn.Parameter(torch.empty(2 * inner, width))
        self.down = torch.nn.Parameter(torch.empty(width, inner))

    def forward(self, x, rope, mask):
        """x is [R, D]."""
        attended = self.attend(RmsNorm.apply(x, self.attention_in, self.epsilon), rope, mask)
        x = x + RmsNorm.apply(attended, self.attention_out, self.epsilon)
        fed = SwiGlu.apply(RmsNorm.apply(x, self.feed_forward_in, self.epsilon) @ self.gate_up.t()) @ self.down.t()
        return x + RmsNorm.apply(fed, self.feed_forward_out, self.epsilon)

    def attend(self, x, rope, mask):
        rows, (length, size) = mask.shape[0], rope[0].shape
        turned, values = Rotate.apply(x @ self.qkv.t(), *rope, x.shape[0] // length, self.heads)
        queries, keys = turned.view(2, -1, rows, size)
        chances = torch.baddbmm(mask, queries, keys.transpose(1, 2), alpha=size ** -0.5).softmax(-1)
        result = torch.bmm(chances, values.view(-1, rows, size))
        return result.view(-1, self.heads, rows, size).transpose(1, 2).reshape(x.shape) @ self.output.t()


class LoopedModel(torch.nn.Module):
    def __init__(self, measures):
        super().__init__()
        self.loops, self.epsilon, self.recompute = measures["loops"], measures["norm_epsilon"], measures.get("recompute", False)
        width, size = measures["width"], measures["width"] // measures["heads"]
        self.embedding = torch.nn.Parameter(torch.empty(measures["vocabulary"], width))
        self.head = self.embedding if measures["tied_head"] else torch.nn.Parameter(torch.empty(measures["vocabulary"], width))
        self.layers = torch.nn.ModuleList(Layer(measures) for _ in range(measures["layers"]))
        self.norm = torch.nn.Parameter(torch.ones(width))
        self.gate = torch.nn.Parameter(torch.empty(1, width))
        self.gate_bias = torch.nn.Parameter(torch.empty(1))
        frequencies = measures["rope_base"] ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
        angles = torch.outer(torch.arange(measures["tokens"], dtype=torch.float64), frequencies)
        self.rope = (torch.cat([angles.cos(), angles.cos()], -1).float(), angles.sin().float())
        self.mask = torch.full((measures["tokens"], measures["tokens"]), -math.inf).triu(1)

    def forward(self, inputs, targets, beta):
        """inputs and targets are [R]. The expected loss over exits, minus beta times their entropy."""
        x, states = embedding(inputs, self.embedding), []
        for _ in range(self.loops):
            for layer in self.layers:
                if self.recompute:
                    x = checkpoint(layer, x, self.rope, self.mask, preserve_rng_state=False)
                else:
                    x = layer(x, self.rope, self.mask)
            x = RmsNorm.apply(x, self.norm, self.epsilon)
            states.append(x)

        states = torch.cat(states)                                                      # [T R, D]
        losses = cross_entropy(states @ self.head.t(), targets.repeat(self.loops), reduction="none").view(self.loops, -1)
        gates = (states @ self.gate.t() + self.gate_bias).view(self.loops, -1)
        going_on = torch.cat([torch.zeros_like(gates[:1]), logsigmoid(-gates[:-1]).cumsum(0)])
        logs = torch.cat([logsigmoid(gates[:-1]), torch.zeros_like(gates[:1])]) + going_on
        return (logs.exp() * (losses + beta * logs)).sum(0).mean()

    def places(self):
        """By published tensor name, the numbers that it fills."""
        yield from {
            "model.embed_tokens.weight": self.embedding, "model.norm.weight": self.norm,
            "model.early_exit_gate.weight": self.gate, "model.early_exit_gate.bias": self.gate_bias,
        }.items()
        if self.head is not self.embedding:
            yield "lm_head.weight", self.head
        for index, layer in enumerate(self.layers):
            (query, key, value), (gate, up) = layer.qkv.chunk(3), layer.gate_up.chunk(2)
            for name, place in {
                "input_layernorm": layer.attention_in, "input_layernorm_2": layer.attention_out,
                "post_attention_layernorm": layer.feed_forward_in, "post_attention_layernorm_2": layer.feed_forward_out,
                "self_attn.q_proj": query, "self_attn.k_proj": key, "self_attn.v_proj": value, "self_attn.o_proj": layer.output,
                "mlp.gate_proj": gate, "mlp.up_proj": up, "mlp.down_proj": layer.down,
            }.items():
                yield f"model.layers.{index}.{name}.weight", place


@torch.no_grad()
def read_weights(path, model):
    """From a safetensors file in single precision: eight bytes of length, a JSON header, the numbers. Nothing is read twice."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, place in model.places():
            stored = header[name]
            if stored["dtype"] != "F32" or stored["shape"] != list(place.shape):
                raise SystemExit(f"{path}: {name} is {stored['dtype']} {stored['shape']}, but F32 {list(place.shape)} is needed.")
            file.seek(8 + length + stored["data_offsets"][0])
            file.readinto(memoryview(place.numpy()).cast("B"))


def optimizer_of(model, measures):
    """Matrices decay, norms and the gate's bias do not."""
    groups = [
        {"params": [parameter for parameter in model.parameters() if parameter.dim() == 2], "weight_decay": 0.1},
        {"params": [parameter for parameter in model.parameters() if parameter.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=measures["learning_rate"], betas=(0.9, 0.95), eps=1e-8, foreach=measures.get("foreach", False))


def tokens_of(step, measures):
    """[B, S + 1]: the numbers of a linear congruential generator that begins at the step."""
    state, ids = step, []
    for _ in range(measures["documents"] * (measures["tokens"] + 1)):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        ids.append((state >> 33) % measures["vocabulary"])
    return torch.tensor(ids).view(measures["documents"], -1)


def train_step(model, optimizer, ids, beta):
    inputs, targets = ids[:, :-1].reshape(-1), ids[:, 1:].reshape(-1)
    loss = model(inputs, targets, beta)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item(), norm.item()


def say(**answer):
    print(json.dumps(answer), flush=True)


def train(measures, turns):
    torch.set_num_threads(measures["threads"])
    before = memory("VmRSS")
    model = LoopedModel(measures)
    read_weights(measures["weights"], model)
    optimizer = optimizer_of(model, measures)
    say(torch=torch.__version__, threads=torch.get_num_threads(), parameters=sum(p.numel() for p in model.parameters()), bytes_before=before)
    step = 0
    for count in turns:
        for _ in range(count):
            ids = tokens_of(step, measures)
            began, used = time.perf_counter(), time.process_time()
            loss, norm = train_step(model, optimizer, ids, measures["beta"])
            seconds, used = time.perf_counter() - began, time.process_time() - used
            say(step=step, seconds=seconds, processor_seconds=used, tokens_per_second=measures["documents"] * measures["tokens"] / seconds,
                loss=loss, gradient_norm=norm, peak_bytes=memory("VmHWM"))
            step += 1


def check(data):
    """Exit status 1 unless loss and gradient are those of the independent double precision reference."""
    with open(os.path.join(data, "tiny-f32-tied", "config.json")) as file:
        config = json.load(file)
    with open(os.path.join(data, "training", "tiny-f32-tied-gradients.json")) as file:
        reference = json.load(file)
    ids = torch.tensor([reference["ids"]])
    right = True
    for recompute in (False, True):
        model = LoopedModel({
            "width": config["hidden_size"], "feed_forward_width": config["intermediate_size"], "heads": config["num_attention_heads"],
            "layers": config["num_hidden_layers"], "loops": config["total_ut_steps"], "vocabulary": config["vocab_size"],
            "norm_epsilon": config["rms_norm_eps"], "rope_base": config["rope_theta"], "tied_head": config["tie_word_embeddings"],
            "tokens": ids.shape[1] - 1, "recompute": recompute,
        })
        read_weights(os.path.join(data, "tiny-f32-tied", "model.safetensors"), model)
        loss = model(ids[0, :-1], ids[0, 1:], reference["beta"])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), math.inf).item()
        expected = reference["stage1"]
        wrong = max(abs(loss.item() / expected["loss"] - 1), abs(norm / expected["grad_norm"] - 1))
        say(recompute=recompute, loss=loss.item(), expected_loss=expected["loss"], gradient_norm=norm, expected_norm=expected["grad_norm"], relative_error=wrong)
        right = right and wrong < 1e-4
    return 0 if right else 1


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--check"]:
        here = os.path.dirname(os.path.realpath(__file__))
        return check(arguments[1] if len(arguments) > 1 else os.path.join(here, "..", "..", "tests", "Ouro.Golden", "data"))
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0]) as file:
        measures = json.load(file)
    train(measures, (int(line) for line in sys.stdin) if "--turns" in arguments else [measures["steps"]])
    return 0


if __name__ == "__main__":
    sys.exit(main())
