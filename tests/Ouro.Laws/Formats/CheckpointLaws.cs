using Ouro.Formats;
using Ouro.Formats.Safetensors;

namespace Ouro.Laws.Formats;

/// <summary>A checkpoint folder is complete and consistent, or refused in one sentence.</summary>
public sealed class CheckpointLaws : IDisposable
{
    const string First = "model-00001-of-00002.safetensors";
    const string Second = "model-00002-of-00002.safetensors";

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_with_an_index_open_as_one_checkpoint()
    {
        WriteShards();
        WriteIndex(("a", First), ("b", First), ("c", Second));

        foreach (var path in new[] { _folder.Path, _folder.File(ShardIndex.FileName) })
        {
            using var checkpoint = SafetensorsCheckpoint.Open(path);
            checkpoint.Folder.ShouldBe(_folder.Path);
            checkpoint.Tensors.Select(tensor => tensor.Name).ShouldBe(["a", "b", "c"]);
            checkpoint.Find("c")!.Path.ShouldBe(_folder.File(Second));
            checkpoint.Find("d").ShouldBeNull();
        }
    }

    [Fact]
    public void A_single_file_opens_by_its_folder_and_by_itself()
    {
        var path = _folder.File("model.safetensors", RawSafetensors.Of(("a", 3)));

        using var byFolder = SafetensorsCheckpoint.Open(_folder.Path);
        using var byFile = SafetensorsCheckpoint.Open(path);
        byFolder.Find("a")!.Shape.ShouldBe([3]);
        byFile.Folder.ShouldBe(_folder.Path);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        _folder.File(First, RawSafetensors.Of(("a", 1)));
        WriteIndex(("a", First), ("c", Second));
        Refusal().ShouldContain($"the shard '{Second}' is missing");
    }

    [Fact]
    public void A_tensor_that_is_not_in_its_shard_is_named()
    {
        WriteShards();
        WriteIndex(("a", First), ("b", First), ("c", Second), ("d", Second));
        Refusal().ShouldContain($"tensor 'd' is said to be in '{Second}', but that shard does not hold it");
    }

    [Fact]
    public void A_tensor_that_is_not_in_the_index_is_named()
    {
        WriteShards();
        WriteIndex(("a", First), ("c", Second));
        Refusal().ShouldContain("tensor 'b' is in this shard but not in the index");
    }

    [Fact]
    public void A_tensor_in_two_shards_is_named()
    {
        WriteShards();
        _folder.File(Second, RawSafetensors.Of(("b", 1), ("c", 3)));
        WriteIndex(("a", First), ("b", First), ("c", Second));
        Refusal().ShouldContain($"tensor 'b' is in this shard, but the index says that it is in '{First}'");
    }

    [Theory]
    [InlineData("../model.safetensors"), InlineData("/etc/model.safetensors"), InlineData(@"..\\model.safetensors"), InlineData("C:model.safetensors")]
    [InlineData(".."), InlineData("model.bin"), InlineData(""), InlineData("a/b.safetensors"), InlineData(@"a\u0000.safetensors")]
    public void A_shard_outside_the_folder_or_of_another_kind_is_refused(string shard)
    {
        WriteIndex(("a", shard));
        Refusal().ShouldContain("but a shard must be a file in the checkpoint's own folder whose name ends in .safetensors");
    }

    [Theory]
    [InlineData("{}", "the index has no weight_map")]
    [InlineData("""{"weight_map":{}}""", "the index has no weight_map")]
    [InlineData("""{"weight_map":[]}""", "weight_map (JSON byte 14) must be a JSON object")]
    [InlineData("""{"weight_map":{"a":1}}""", "the shard of tensor 'a' (JSON byte 19) must be a string")]
    [InlineData("""{"weight_map":{"a":"x.safetensors","a":"x.safetensors"}}""", "tensor 'a' occurs twice in the index")]
    [InlineData("""{"weight_map":{"a":"x.safetensors"},"weight_map":{}}""", "two weight_map parts")]
    [InlineData("""{"weight_map":""", "cannot be read as JSON")]
    [InlineData("[]", "the index (JSON byte 0) must be a JSON object")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[", "the index (JSON byte 0) must be a JSON object")]
    public void A_bad_index_is_refused(string json, string sentence)
    {
        _folder.File(ShardIndex.FileName, json);
        Refusal().ShouldContain(sentence);
    }

    [Theory, InlineData("pytorch_model.bin"), InlineData("pytorch_model-00001-of-00002.bin"), InlineData("ouro.pt"), InlineData("ouro.pth"), InlineData("last.ckpt")]
    public void Pickles_are_never_opened(string name)
    {
        _folder.File(name, "PK and so on");
        Refusal().ShouldContain($"the checkpoint is stored in pickles ('{name}'); pickles are never opened, since they can run any code, "
            + "so download the safetensors version or save one with save_pretrained(..., safe_serialization=True).");
    }

    [Fact]
    public void A_folder_without_a_checkpoint_says_what_is_looked_for()
    {
        Refusal().ShouldContain("there is neither model.safetensors nor model.safetensors.index.json in this folder");

        _folder.File(First, RawSafetensors.Of(("a", 1)));
        Refusal().ShouldContain("there are shards but no model.safetensors.index.json");
    }

    [Fact]
    public void A_path_that_leads_nowhere_says_so()
        => Should.Throw<ModelFileException>(() => SafetensorsCheckpoint.Open(_folder.File("absent"))).Message.ShouldContain("there is no such file; check the path.");

    void WriteShards()
    {
        _folder.File(First, RawSafetensors.Of(("a", 1), ("b", 2)));
        _folder.File(Second, RawSafetensors.Of(("c", 3)));
    }

    void WriteIndex(params (string Tensor, string Shard)[] entries)
    {
        var map = string.Join(",", entries.Select(entry => $"\"{entry.Tensor}\":\"{entry.Shard}\""));
        _folder.File(ShardIndex.FileName, "{\"metadata\":{\"total_size\":24},\"weight_map\":{" + map + "}}");
    }

    string Refusal()
    {
        var error = Should.Throw<ModelFileException>(() => SafetensorsCheckpoint.Open(_folder.Path));
        Sentences.ShouldBeOneLine(error);
        return error.Message;
    }
}
