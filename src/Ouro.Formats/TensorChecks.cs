namespace Ouro.Formats;

/// <summary>What both formats demand of the tensors in one file.</summary>
static class TensorChecks
{
    /// <summary>A tensor's bytes end behind the file's.</summary>
    public static ModelFileException Truncated(string path, TensorSpec tensor, long available) => new(path,
        $"tensor {tensor.Name.Quoted} needs {tensor.ByteLength:N0} bytes but only {available:N0} are left in the file. "
        + "The download is probably incomplete; fetch the file again.");

    /// <exception cref="ModelFileException">Two tensors have one name.</exception>
    public static void NamesAreUnique(string path, IReadOnlyList<PlacedTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
            if (!names.Add(tensor.Spec.Name))
                throw new ModelFileException(path, $"tensor {tensor.Spec.Name.Quoted} occurs twice, so it is not clear which one counts; "
                    + "fetch or convert the file again.");
    }

    /// <exception cref="ModelFileException">Two tensors share bytes.</exception>
    public static void NoneOverlap(string path, IReadOnlyList<PlacedTensor> tensors)
    {
        var byPlace = tensors.Where(tensor => tensor.Spec.ByteLength > 0).OrderBy(tensor => tensor.FileOffset).ToArray();
        for (var i = 1; i < byPlace.Length; i++)
            if (byPlace[i].FileOffset < byPlace[i - 1].End)
                throw new ModelFileException(path, $"tensors {byPlace[i - 1].Spec.Name.Quoted} and {byPlace[i].Spec.Name.Quoted} share bytes "
                    + $"(the second starts at {byPlace[i].FileOffset:N0}, the first ends at {byPlace[i - 1].End:N0}); "
                    + "the file is damaged, so fetch it again.");
    }
}
