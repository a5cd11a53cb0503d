using System.Text.Json.Serialization;

namespace Ouro.Chat;

/// <summary>The plain types that are written as JSON here.</summary>
[JsonSerializable(typeof(string))]
sealed partial class ChatJson : JsonSerializerContext;
