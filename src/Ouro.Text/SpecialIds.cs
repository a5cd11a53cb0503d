namespace Ouro.Text;

/// <summary>Ids that a model file gives to the four classic roles; null where it names none. Ouro never adds <paramref name="Bos"/> by itself.</summary>
public sealed record SpecialIds(int? Bos = null, int? Eos = null, int? Padding = null, int? Unknown = null);
